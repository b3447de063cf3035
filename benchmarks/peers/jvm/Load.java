// SPDX-License-Identifier: MIT
package peers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** All clients on one pool, for a time. */
final class Load {
    /** Tells the clients to go home. */
    static final class Whistle {
        volatile boolean over;
    }

    record Outcome(List<? extends Client<?>> clients, double seconds) {}

    private Load() {}

    static <W> Outcome run(Pool<W> pool, Settings wanted, int millis) throws InterruptedException {
        var whistle = new Whistle();
        var start = new CountDownLatch(1);
        var clients = new ArrayList<Client<W>>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < wanted.clients(); ++i) {
            var client = new Client<>(pool, wanted);
            var thread = new Thread(() -> {
                try {
                    start.await();
                    client.run(whistle);
                } catch (Exception failure) {
                    Peer.fail(failure);
                }
            });
            clients.add(client);
            threads.add(thread);
            thread.start();
        }
        long began = System.nanoTime();
        start.countDown();
        Thread.sleep(millis);
        whistle.over = true;
        for (Thread thread : threads) thread.join();
        return new Outcome(clients, (System.nanoTime() - began) / 1e9);
    }
}
