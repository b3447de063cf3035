// SPDX-License-Identifier: MIT
package peers;

/** One measurement. The drivers of all peers take the same flags. */
record Settings(String pool, int size, int clients, int holdMicros, boolean busy, int millis, int warmUpMillis) {

    /** A command line that makes no sense; the text is one line for the user. */
    static final class BadArgument extends Exception {
        private static final long serialVersionUID = 1;

        BadArgument(String text) {
            super(text);
        }
    }

    static Settings parse(String[] arguments) throws BadArgument {
        String pool = "";
        int size = 8;
        int clients = 1;
        int holdMicros = 0;
        boolean busy = false;
        int millis = 1000;
        int warmUpMillis = 500;
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            String flag = parts[0];
            String value = parts.length == 2 ? parts[1] : "";
            switch (flag) {
                case "--pool" -> pool = value;
                case "--size" -> size = number(flag, value, 1, 10_000);
                case "--clients" -> clients = number(flag, value, 1, 10_000);
                case "--hold_us" -> holdMicros = number(flag, value, 0, 1_000_000);
                case "--busy" -> busy = true;
                case "--ms" -> millis = number(flag, value, 1, 3_600_000);
                case "--warm_up_ms" -> warmUpMillis = number(flag, value, 1, 3_600_000);
                default -> throw new BadArgument("unknown argument '" + argument + "'");
            }
        }
        return new Settings(pool, size, clients, holdMicros, busy, millis, warmUpMillis);
    }

    private static int number(String flag, String text, int least, int most) throws BadArgument {
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) return number;
        } catch (NumberFormatException nonsense) {
            // told below
        }
        throw new BadArgument(
                "%s takes a whole number from %d to %d, not '%s'".formatted(flag, least, most, text));
    }
}
