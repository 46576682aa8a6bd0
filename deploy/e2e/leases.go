package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"
)

// between two looks at the same lease: a pod that has given it up says so by then.
const between = 700 * time.Millisecond

var heldMetric = regexp.MustCompile(`^tandem_lease_held\{(.*)\} ([0-9.]+)$`)

// runLeases prints who holds which lease, as the metrics of the given pods say, as JSON. A lease
// that passes from one to another while we look seems to have two holders: only who holds it at
// both of two looks counts as one of several.
func runLeases(ctx context.Context, addresses []string) error {
	first := lookAll(ctx, addresses)
	for _, holders := range first {
		if len(holders) > 1 {
			select {
			case <-ctx.Done():
			case <-time.After(between):
			}
			first = both(first, lookAll(ctx, addresses))
			break
		}
	}
	return json.NewEncoder(os.Stdout).Encode(first)
}

// both keeps holders that are in both looks.
func both(a, b map[string][]string) map[string][]string {
	for lease, holders := range a {
		if len(holders) > 1 {
			a[lease] = slices.DeleteFunc(holders, func(h string) bool { return !slices.Contains(b[lease], h) })
		}
	}
	return a
}

func lookAll(ctx context.Context, addresses []string) map[string][]string {
	held := map[string][]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, address := range addresses {
		all.Go(func() {
			for lease, holds := range look(ctx, address) {
				mu.Lock()
				if held[lease] == nil {
					held[lease] = []string{}
				}
				if holds {
					held[lease] = append(held[lease], address)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return held
}

// look reads the metrics of one pod. One that is gone meanwhile holds nothing.
func look(ctx context.Context, address string) map[string]bool {
	ctx, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:8081/metrics", address), nil) //nolint:gosec // pods that the test names
	if err != nil {
		return nil
	}
	resp, err := http.DefaultClient.Do(req) //nolint:gosec // pods that the test names
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	held := map[string]bool{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if m := heldMetric.FindStringSubmatch(lines.Text()); m != nil {
			held[m[1]] = m[2] == "1"
		}
	}
	return held
}
