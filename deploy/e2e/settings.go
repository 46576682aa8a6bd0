package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/deploy/e2e/suite"
)

// runSteps plays the steps. run.sh says what the variables mean.
func runSteps(ctx context.Context, _ []string) error {
	s := suite.Settings{
		Root: os.Getenv("E2E_ROOT"), Work: os.Getenv("WORK"), Shared: os.Getenv("TANDEM_SHARED"), Kube: os.Getenv("KUBE"),
		Steps: strings.FieldsFunc(os.Getenv("STEPS"), func(r rune) bool { return r == ',' || r == ' ' }), Present: os.Getenv("PRESENT"), Previous: os.Getenv("PREVIOUS"),
		Faults: os.Getenv("FAULTS") != "", Keep: os.Getenv("KEEP") != "", Reuse: os.Getenv("REUSE") != "", Rate: 50, Out: os.Stdout,
	}
	if text := os.Getenv("RATE"); text != "" {
		rate, err := strconv.Atoi(text)
		if err != nil || rate < 1 {
			return fmt.Errorf("RATE=%s: want requests a second, such as 50", text)
		}
		s.Rate = rate
	}
	if !filepath.IsAbs(s.Root) || !filepath.IsAbs(s.Work) {
		return errors.New("E2E_ROOT and WORK: want absolute paths; deploy/e2e/run.sh sets them")
	}
	return suite.Run(ctx, s)
}
