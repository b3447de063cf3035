// SPDX-License-Identifier: MIT

// One measurement of Go's database/sql under the load that all peers get.
package main

import (
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

type outcome struct {
	clients []client
	took    time.Duration
}

func main() {
	wanted, err := parse(os.Args[1:])
	if err != nil {
		fail(2, err)
	}
	p, err := newPool(wanted)
	if err != nil {
		fail(2, err)
	}
	if _, err = load(p, wanted, wanted.warmUp); err != nil {
		fail(1, err)
	}
	measured, err := load(p, wanted, wanted.length)
	if err != nil {
		fail(1, err)
	}
	report(wanted, measured)
}

func fail(status int, err error) {
	fmt.Fprintln(os.Stderr, "database_sql:", err)
	os.Exit(status)
}

// load lets all clients loose on the pool for a time.
func load(p *pool, wanted settings, length time.Duration) (outcome, error) {
	var over atomic.Bool
	var all sync.WaitGroup
	start := make(chan struct{})
	failures := make(chan error, wanted.clients)
	result := outcome{clients: make([]client, wanted.clients)}
	for i := range result.clients {
		one := &result.clients[i]
		all.Add(1)
		go func() {
			defer all.Done()
			<-start
			if err := one.run(p, wanted, &over); err != nil {
				failures <- err
			}
		}()
	}
	began := time.Now()
	close(start)
	time.Sleep(length)
	over.Store(true)
	all.Wait()
	result.took = time.Since(began)
	select {
	case err := <-failures:
		return outcome{}, err
	default:
		return result, nil
	}
}

// report prints one line of JSON, times in microseconds.
func report(wanted settings, measured outcome) {
	var waits []time.Duration
	var held time.Duration
	pairs, fewest, most := 0, measured.clients[0].pairs, 0
	for _, one := range measured.clients {
		waits = append(waits, one.waits...)
		held += one.held
		pairs += one.pairs
		if one.pairs < fewest {
			fewest = one.pairs
		}
		if one.pairs > most {
			most = one.pairs
		}
	}
	if len(waits) == 0 {
		waits = append(waits, 0)
	}
	sort.Slice(waits, func(i, j int) bool { return waits[i] < waits[j] })
	quantile := func(share float64) float64 { return micros(waits[int(share*float64(len(waits)-1))]) }
	fmt.Printf("{\"pool\": \"%s\", \"size\": %d, \"clients\": %d, \"hold_us\": %d, \"busy\": %t, \"seconds\": %.6f, "+
		"\"pairs\": %d, \"held_us\": %.3f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f, "+
		"\"fewest\": %d, \"most\": %d}\n",
		wanted.pool, wanted.size, wanted.clients, wanted.hold.Microseconds(), wanted.busy, measured.took.Seconds(),
		pairs, micros(held)/float64(len(waits)), quantile(0.5), quantile(0.99), quantile(0.999), quantile(1),
		fewest, most)
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
