// SPDX-License-Identifier: MIT
package peers;

import java.util.Arrays;
import java.util.Locale;

/** What the drivers on the Java virtual machine have in common: command line, warm-up, measurement, one line of JSON. */
final class Peer {
    @FunctionalInterface
    interface PoolMaker {
        /** Throws BadArgument where the name of the pool says nothing. */
        Pool<?> make(Settings wanted) throws Exception;
    }

    private Peer() {}

    static void main(String[] arguments, PoolMaker maker) {
        try {
            Settings wanted = Settings.parse(arguments);
            Pool<?> pool = maker.make(wanted);
            Load.run(pool, wanted, wanted.warmUpMillis());
            print(wanted, Load.run(pool, wanted, wanted.millis()));
            System.exit(0); // without waiting for threads of the pool
        } catch (Settings.BadArgument nonsense) {
            System.err.println("peer: " + nonsense.getMessage());
            System.exit(2);
        } catch (Exception failure) {
            fail(failure);
        }
    }

    static void fail(Exception failure) {
        System.err.println("peer: " + failure);
        System.exit(1);
    }

    /** Times in microseconds. */
    private static void print(Settings wanted, Load.Outcome measured) {
        long[] waits = measured.clients().stream().flatMapToLong(one -> Arrays.stream(one.waits())).sorted().toArray();
        var pairs = measured.clients().stream().mapToLong(Client::pairs).summaryStatistics();
        long heldNanos = measured.clients().stream().mapToLong(Client::heldNanos).sum();
        System.out.printf(
                Locale.ROOT,
                "{\"pool\": \"%s\", \"size\": %d, \"clients\": %d, \"hold_us\": %d, \"busy\": %b, \"seconds\": %.6f, "
                        + "\"pairs\": %d, \"held_us\": %.3f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, "
                        + "\"max_us\": %.3f, \"fewest\": %d, \"most\": %d}%n",
                wanted.pool(), wanted.size(), wanted.clients(), wanted.holdMicros(), wanted.busy(), measured.seconds(),
                pairs.getSum(), heldNanos / 1e3 / Math.max(1, waits.length), quantile(waits, 0.5),
                quantile(waits, 0.99), quantile(waits, 0.999), quantile(waits, 1), pairs.getMin(), pairs.getMax());
    }

    /** Value below which this share of the sorted samples lie. */
    private static double quantile(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) (share * (sorted.length - 1))] / 1e3;
    }
}
