// SPDX-License-Identifier: MIT
module pooly/benchmarks/peers/database_sql

go 1.19
