// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// settings of one measurement. The drivers of all peers take the same flags.
type settings struct {
	pool    string
	size    int
	clients int
	hold    time.Duration
	busy    bool // computes while it holds; otherwise sleeps
	length  time.Duration
	warmUp  time.Duration
}

// parse reads the flags by itself, because package flag prints more than one line about a mistake.
func parse(arguments []string) (settings, error) {
	wanted := settings{size: 8, clients: 1, length: time.Second, warmUp: 500 * time.Millisecond}
	for _, argument := range arguments {
		flag, value, _ := strings.Cut(argument, "=")
		var err error
		switch flag {
		case "--pool":
			wanted.pool = value
		case "--size":
			wanted.size, err = number(flag, value, 1, 10_000)
		case "--clients":
			wanted.clients, err = number(flag, value, 1, 10_000)
		case "--hold_us":
			wanted.hold, err = duration(flag, value, 0, 1_000_000, time.Microsecond)
		case "--busy":
			wanted.busy = true
		case "--ms":
			wanted.length, err = duration(flag, value, 1, 3_600_000, time.Millisecond)
		case "--warm_up_ms":
			wanted.warmUp, err = duration(flag, value, 1, 3_600_000, time.Millisecond)
		default:
			err = fmt.Errorf("unknown argument '%s'", argument)
		}
		if err != nil {
			return settings{}, err
		}
	}
	return wanted, nil
}

func number(flag, text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s takes a whole number from %d to %d, not '%s'", flag, least, most, text)
	}
	return n, nil
}

func duration(flag, text string, least, most int, unit time.Duration) (time.Duration, error) {
	n, err := number(flag, text, least, most)
	return time.Duration(n) * unit, err
}
