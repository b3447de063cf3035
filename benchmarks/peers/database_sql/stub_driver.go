// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"database/sql/driver"
	"errors"
)

var errNoDatabase = errors.New("there is no database")

// stubDriver connects at once to nothing, so that the pool alone is measured. Its connections have neither ResetSession
// nor IsValid: the pool then asks for neither.
type stubDriver struct{}

func (stubDriver) Connect(context.Context) (driver.Conn, error) { return stubConn{}, nil }
func (stubDriver) Driver() driver.Driver                        { return stubDriver{} }
func (stubDriver) Open(string) (driver.Conn, error)             { return stubConn{}, nil }

type stubConn struct{}

func (stubConn) Prepare(string) (driver.Stmt, error) { return nil, errNoDatabase }
func (stubConn) Close() error                        { return nil }
func (stubConn) Begin() (driver.Tx, error)           { return nil, errNoDatabase }
