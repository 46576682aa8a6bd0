package statistics

import "fmt"

// Dispositions count what became of everybody who was asked, as AAPOR's Standard
// Definitions (10th edition) name it. They may be weighted counts.
type Dispositions struct {
	Complete   float64 // I: answered enough to count as whole
	Partial    float64 // P: answered enough to be used
	Refusal    float64 // R: refused, or broke off
	NonContact float64 // NC: eligible and never reached
	Other      float64 // O: eligible and reached, did not answer for another reason
	// UnknownHousehold (UH): it is not known whether an eligible unit is there,
	// such as a letter that came back without a word.
	UnknownHousehold float64
	// UnknownOther (UO): there is a unit, and whether it is eligible is not known.
	UnknownOther float64
	Ineligible   float64 // not to be asked, such as a family that moved away
}

func (d Dispositions) interviews() float64 { return d.Complete + d.Partial }
func (d Dispositions) unknown() float64    { return d.UnknownHousehold + d.UnknownOther }

// eligible are those known to be.
func (d Dispositions) eligible() float64 {
	return d.interviews() + d.Refusal + d.NonContact + d.Other
}

func (d Dispositions) check() error {
	for _, n := range []float64{
		d.Complete, d.Partial, d.Refusal, d.NonContact, d.Other, d.UnknownHousehold, d.UnknownOther, d.Ineligible,
	} {
		if !finite(n) || n < 0 {
			return invalid("dispositions", "%g is no count: it takes a finite number, zero or more", n)
		}
	}
	if d.eligible()+d.unknown() == 0 {
		return invalid("dispositions", "nobody was asked who is or may be eligible")
	}
	return nil
}

// Eligibility estimates e, the share of the eligible among those of whom it is
// not known, by the share among those of whom it is (the CASRO method).
func (d Dispositions) Eligibility() (float64, error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	known := d.eligible() + d.Ineligible
	if known == 0 {
		return 0, refused("eligibility", "of nobody it is known whether they are eligible: give an estimate of your own")
	}
	return d.eligible() / known, nil
}

// Rates are AAPOR's outcome rates, shares in [0, 1].
type Rates struct {
	Eligibility float64 // e, as used in those that estimate it
	// Response rates: odd ones count whole answers, even ones partial ones too. 1
	// and 2 take all unknown for eligible, 3 and 4 the estimated share, 5 and 6 none.
	RR1, RR2, RR3, RR4, RR5, RR6 float64
	// Cooperation rates, of those reached: 3 and 4 leave out who could not answer.
	COOP1, COOP2, COOP3, COOP4 float64
	REF1, REF2, REF3           float64 // refusal rates: unknown all, estimated, none
	CON1, CON2, CON3           float64 // contact rates: unknown all, estimated, none
}

// Rates computes all rates with e, the share of the unknown that is eligible. A
// rate of which nobody is in the denominator is 0.
func (d Dispositions) Rates(e float64) (Rates, error) {
	if err := d.check(); err != nil {
		return Rates{}, err
	}
	if !(e >= 0 && e <= 1) {
		return Rates{}, invalid("eligibility", "%g is no share: it lies in [0, 1]", e)
	}
	interviews, contacts := d.interviews(), d.interviews()+d.Refusal+d.Other
	all, estimated, none := d.eligible()+d.unknown(), d.eligible()+e*d.unknown(), d.eligible()
	asked := d.interviews() + d.Refusal
	return Rates{
		Eligibility: e,
		RR1:         over(d.Complete, all), RR2: over(interviews, all),
		RR3: over(d.Complete, estimated), RR4: over(interviews, estimated),
		RR5: over(d.Complete, none), RR6: over(interviews, none),
		COOP1: over(d.Complete, contacts), COOP2: over(interviews, contacts),
		COOP3: over(d.Complete, asked), COOP4: over(interviews, asked),
		REF1: over(d.Refusal, all), REF2: over(d.Refusal, estimated), REF3: over(d.Refusal, none),
		CON1: over(contacts, all), CON2: over(contacts, estimated), CON3: over(contacts, none),
	}, nil
}

func over(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// The response rates below which an analysis of nonresponse bias is due (NCES
// Statistical Standards, 2012, standard 4-4).
const (
	RateOfSample   = 0.85
	RateOfUniverse = 0.90
)

// Due says whether an analysis of nonresponse bias has to be made, and why.
type Due struct {
	Due    bool
	Reason string
}

// BiasAnalysisDue applies NCES standard 4-4 to a unit response rate. universe is
// true when everybody was asked, as in a survey of all families of a school.
func BiasAnalysisDue(rate float64, universe bool) (Due, error) {
	if !(rate >= 0 && rate <= 1) {
		return Due{}, invalid("rate", "%g is no share: it lies in [0, 1]", rate)
	}
	bound, of := RateOfSample, "a sample"
	if universe {
		bound, of = RateOfUniverse, "everybody"
	}
	due := Due{Due: rate < bound}
	verb := "reaches"
	if due.Due {
		verb = "is below"
	}
	due.Reason = fmt.Sprintf("The response rate of %.1f%% %s %.0f%%, the bound where %s was asked.", 100*rate, verb, 100*bound, of)
	return due, nil
}
