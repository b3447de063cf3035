// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// pool is what is measured: database/sql with a fixed number of connections.
type pool struct {
	db      *sql.DB
	timeout time.Duration // of a check-out; zero: none
}

func newPool(wanted settings) (*pool, error) {
	p := &pool{db: sql.OpenDB(stubDriver{})}
	switch wanted.pool {
	case "database_sql":
	case "database_sql_timeout":
		p.timeout = 5 * time.Second
	default:
		return nil, fmt.Errorf("--pool takes database_sql or database_sql_timeout, not '%s'", wanted.pool)
	}
	p.db.SetMaxOpenConns(wanted.size)
	p.db.SetMaxIdleConns(wanted.size) // or else it keeps two, and closes and opens the others all the time
	return p, nil
}

// with lends a connection to do while it runs.
func (p *pool) with(do func()) error {
	ctx := context.Background()
	if p.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
		defer cancel()
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	do()
	return conn.Close()
}
