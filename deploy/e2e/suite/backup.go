package suite

import (
	"context"
	"errors"
)

func (r *Suite) backup(context.Context) (string, error) { return "", errors.New("to come") }
func (r *Suite) faults(context.Context) (string, error) { return "", errors.New("to come") }
