// SPDX-License-Identifier: MIT
package peers;

/** What is measured. A process has only one of it, so that the calls are inlined as in a program of its own. */
interface Pool<W> {
    W checkout() throws Exception;

    void checkin(W worker) throws Exception;
}
