// SPDX-License-Identifier: MIT
package peers;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;

/** HikariCP as it comes, but for its size and a timeout of 5 s, on a database that is not there. */
final class HikaricpPeer {
    /** The borrower's side of the pool. */
    private record Lender(HikariDataSource pool) implements Pool<Connection> {
        @Override
        public Connection checkout() throws SQLException {
            return pool.getConnection();
        }

        @Override
        public void checkin(Connection connection) throws SQLException {
            connection.close();
        }
    }

    private static Pool<?> make(Settings wanted) throws Exception {
        if (!wanted.pool().equals("hikaricp"))
            throw new Settings.BadArgument("--pool takes hikaricp, not '" + wanted.pool() + "'");
        var config = new HikariConfig();
        config.setDataSource(StubDatabase.dataSource());
        config.setMaximumPoolSize(wanted.size()); // and as many idle: its default, a pool of fixed size
        config.setConnectionTimeout(5_000);
        var pool = new HikariDataSource(config);
        // it fills itself in the background
        while (pool.getHikariPoolMXBean().getIdleConnections() < wanted.size()) Thread.sleep(1);
        return new Lender(pool);
    }

    public static void main(String[] arguments) {
        Peer.main(arguments, HikaricpPeer::make);
    }
}
