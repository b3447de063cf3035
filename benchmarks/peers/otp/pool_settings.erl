%% SPDX-License-Identifier: MIT
%% The command line: one measurement. The drivers of all peers take the same flags.
-module(pool_settings).

-export([parse/1]).

%% Throws {bad_argument, Text}; the text is one line for the user.
parse(Arguments) ->
    Defaults = #{pool => "", size => 8, clients => 1, hold_us => 0, busy => false, ms => 1000, warm_up_ms => 500},
    check(lists:foldl(fun parse/2, Defaults, Arguments)).

parse(Argument, Wanted) ->
    [Flag | Rest] = string:split(Argument, "="),
    Value = lists:append(Rest),
    case Flag of
        "--pool" -> Wanted#{pool := Value};
        "--size" -> Wanted#{size := number(Flag, Value, 1, 10000)};
        "--clients" -> Wanted#{clients := number(Flag, Value, 1, 10000)};
        "--hold_us" -> Wanted#{hold_us := number(Flag, Value, 0, 1000000)};
        "--busy" -> Wanted#{busy := true};
        "--ms" -> Wanted#{ms := number(Flag, Value, 1, 3600000)};
        "--warm_up_ms" -> Wanted#{warm_up_ms := number(Flag, Value, 1, 3600000)};
        _ -> refuse("unknown argument '~ts'", [Argument])
    end.

check(#{pool := Pool}) when Pool =/= "otp" ->
    refuse("--pool takes otp, not '~ts'", [Pool]);
check(#{hold_us := Hold, busy := false}) when Hold rem 1000 =/= 0 ->
    refuse("a process sleeps whole milliseconds: --hold_us takes ~b with --busy only", [Hold]);
check(Wanted) ->
    Wanted.

number(Flag, Text, Least, Most) ->
    case string:to_integer(Text) of
        {Number, []} when Number >= Least, Number =< Most -> Number;
        _ -> refuse("~ts takes a whole number from ~b to ~b, not '~ts'", [Flag, Least, Most, Text])
    end.

-spec refuse(string(), [term()]) -> no_return().
refuse(Format, Values) -> throw({bad_argument, io_lib:format(Format, Values)}).
