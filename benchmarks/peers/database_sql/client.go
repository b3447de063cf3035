// SPDX-License-Identifier: MIT

package main

import (
	"sync/atomic"
	"time"
)

// client checks out, holds, checks in, and writes down how that went.
type client struct {
	waits []time.Duration
	held  time.Duration
	pairs int
}

// run returns when it is over. A wait that is going on then is counted in full.
func (c *client) run(p *pool, wanted settings, over *atomic.Bool) error {
	c.waits = make([]time.Duration, 0, 1<<16) // growing would be measured
	untimed := 0
	if wanted.hold == 0 {
		untimed = 255 // reading the clock costs; with a hold it is nothing
	}
	for !over.Load() {
		if err := c.timedPair(p, wanted); err != nil {
			return err
		}
		for i := 0; i < untimed; i++ {
			if err := p.with(func() {}); err != nil {
				return err
			}
		}
		c.pairs += 1 + untimed
	}
	return nil
}

func (c *client) timedPair(p *pool, wanted settings) error {
	asked := time.Now()
	return p.with(func() {
		got := time.Now()
		hold(wanted, got)
		c.held += time.Since(got)
		c.waits = append(c.waits, got.Sub(asked))
	})
}

func hold(wanted settings, since time.Time) {
	switch {
	case wanted.hold == 0:
	case wanted.busy:
		for time.Since(since) < wanted.hold {
		}
	default:
		time.Sleep(wanted.hold)
	}
}
