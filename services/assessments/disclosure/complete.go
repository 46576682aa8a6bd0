package disclosure

// Complete works out the values of hidden and free cells from those that are
// shown, where the sums leave one possibility only, and answers with the cells
// where they do not. It is for a publisher who has the numbers of the present
// table and only the bytes of earlier ones.
func (s *System) Complete() (unknown []int, err error) {
	if err := s.validateShape(); err != nil {
		return nil, err
	}
	varies, value := make([]bool, len(s.Cells)), make([]int64, len(s.Cells))
	for i, c := range s.Cells {
		if varies[i] = c.Status != Shown; !varies[i] {
			value[i] = c.Value
		}
	}
	rows, err := s.rowsOf(varies, value)
	if err != nil {
		return nil, err
	}
	settled, err := settle(rows, varies, value)
	if err != nil {
		return nil, err
	}
	for _, c := range settled {
		s.Cells[c].Value = value[c]
	}
	for i, is := range varies {
		if is {
			unknown = append(unknown, i)
		}
	}
	return unknown, nil
}
