// SPDX-License-Identifier: MIT
package peers;

import java.time.Duration;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;

/** Apache commons-pool2: a GenericObjectPool as it comes, but for its size, a timeout of 5 s and no JMX. */
final class CommonsPool2Peer {
    private static final class Worker {}

    private static final class WorkerFactory extends BasePooledObjectFactory<Worker> {
        @Override
        public Worker create() {
            return new Worker();
        }

        @Override
        public PooledObject<Worker> wrap(Worker worker) {
            return new DefaultPooledObject<>(worker);
        }
    }

    /** The borrower's side of the pool. */
    private record Lender(GenericObjectPool<Worker> pool) implements Pool<Worker> {
        @Override
        public Worker checkout() throws Exception {
            return pool.borrowObject();
        }

        @Override
        public void checkin(Worker worker) {
            pool.returnObject(worker);
        }
    }

    private static Pool<?> make(Settings wanted) throws Exception {
        boolean fair = switch (wanted.pool()) {
            case "commons_pool2" -> false;
            case "commons_pool2_fair" -> true;
            default -> throw new Settings.BadArgument(
                    "--pool takes commons_pool2 or commons_pool2_fair, not '" + wanted.pool() + "'");
        };
        var config = new GenericObjectPoolConfig<Worker>();
        config.setMaxTotal(wanted.size());
        config.setMaxIdle(wanted.size()); // or else a returned worker may be destroyed, and made again
        config.setMinIdle(wanted.size());
        config.setMaxWait(Duration.ofSeconds(5));
        config.setFairness(fair);
        config.setJmxEnabled(false);
        var pool = new GenericObjectPool<>(new WorkerFactory(), config);
        pool.preparePool();
        return new Lender(pool);
    }

    public static void main(String[] arguments) {
        Peer.main(arguments, CommonsPool2Peer::make);
    }
}
