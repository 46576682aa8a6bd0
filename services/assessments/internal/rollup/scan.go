package rollup

import "fmt"

// scanner reads the document of one stored answer without keeping any of it:
//
//	{"q1":"4","m1/row":"2","many":["a","b"],"visits":3}
//
// Keys and option ids are plain (the API lets no others in), so that a backslash is
// an error rather than a case.
type scanner struct {
	raw []byte
	at  int
}

func (s *scanner) fail() error { return fmt.Errorf("a stored answer cannot be read at byte %d", s.at) }

func (s *scanner) space() {
	for s.at < len(s.raw) && (s.raw[s.at] == ' ' || s.raw[s.at] == '\n' || s.raw[s.at] == '\t' || s.raw[s.at] == '\r') {
		s.at++
	}
}

// next tells whether the next sign is c, and steps over it.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.at < len(s.raw) && s.raw[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) text() ([]byte, error) {
	if !s.next('"') {
		return nil, s.fail()
	}
	begin := s.at
	for ; s.at < len(s.raw); s.at++ {
		switch s.raw[s.at] {
		case '\\':
			return nil, s.fail()
		case '"':
			s.at++
			return s.raw[begin : s.at-1], nil
		}
	}
	return nil, s.fail()
}

// each calls one with every key and its text, or many with its place in a list.
func (s *scanner) each(one func(key, value []byte), many func(key, value []byte, place int)) error {
	if !s.next('{') {
		return s.fail()
	}
	if s.next('}') {
		return s.end()
	}
	for {
		key, err := s.text()
		if err != nil {
			return err
		}
		if !s.next(':') {
			return s.fail()
		}
		if err := s.value(key, one, many); err != nil {
			return err
		}
		if s.next('}') {
			return s.end()
		}
		if !s.next(',') {
			return s.fail()
		}
	}
}

func (s *scanner) end() error {
	s.space()
	if s.at != len(s.raw) {
		return s.fail()
	}
	return nil
}

func (s *scanner) value(key []byte, one func(key, value []byte), many func(key, value []byte, place int)) error {
	s.space()
	switch {
	case s.at < len(s.raw) && s.raw[s.at] == '"':
		v, err := s.text()
		if err == nil {
			one(key, v)
		}
		return err
	case s.next('['):
		return s.list(key, many)
	}
	begin := s.at // a number, true, false or null: nothing that is counted
	for s.at < len(s.raw) && s.raw[s.at] != ',' && s.raw[s.at] != '}' && s.raw[s.at] != '{' {
		s.at++
	}
	if s.at == begin {
		return s.fail()
	}
	return nil
}

func (s *scanner) list(key []byte, many func(key, value []byte, place int)) error {
	if s.next(']') {
		return nil
	}
	for place := 0; ; place++ {
		v, err := s.text()
		if err != nil {
			return err
		}
		many(key, v, place)
		if s.next(']') {
			return nil
		}
		if !s.next(',') {
			return s.fail()
		}
	}
}
