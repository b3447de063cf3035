// SPDX-License-Identifier: MIT
package peers;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** One who checks out, holds, checks in, and writes down how that went. */
final class Client<W> {
    private final Pool<W> pool;
    private final Settings wanted;
    private long[] waits = new long[1 << 16];
    private int waitCount;
    private long heldNanos;
    private long pairs;

    Client(Pool<W> pool, Settings wanted) {
        this.pool = pool;
        this.wanted = wanted;
    }

    /** Until time is up. A wait that is going on at the end is counted in full. */
    void run(Load.Whistle whistle) throws Exception {
        // reading the clock costs about as much as a pair; with a hold it is nothing
        int untimed = wanted.holdMicros() == 0 ? 255 : 0;
        while (!whistle.over) {
            timedPair();
            for (int i = 0; i < untimed; ++i) pool.checkin(pool.checkout());
            pairs += 1 + untimed;
        }
    }

    private void timedPair() throws Exception {
        long asked = System.nanoTime();
        W worker = pool.checkout();
        long got = System.nanoTime();
        hold(got);
        heldNanos += System.nanoTime() - got;
        pool.checkin(worker);
        if (waitCount == waits.length) waits = Arrays.copyOf(waits, 2 * waitCount);
        waits[waitCount++] = got - asked;
    }

    private void hold(long since) {
        long length = wanted.holdMicros() * 1000L;
        if (wanted.busy()) {
            while (System.nanoTime() - since < length) {}
            return;
        }
        // Thread.sleep rounds to milliseconds; parkNanos may return early
        for (long left = length; left > 0; left = length - (System.nanoTime() - since)) LockSupport.parkNanos(left);
    }

    long[] waits() {
        return Arrays.copyOf(waits, waitCount);
    }

    long heldNanos() {
        return heldNanos;
    }

    long pairs() {
        return pairs;
    }
}
