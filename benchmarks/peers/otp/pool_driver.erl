%% SPDX-License-Identifier: MIT
%% One measurement of a pool of processes under the load that all peers get.
-module(pool_driver).

-export([main/0]).

%% What stands behind -extra is the command line.
main() ->
    try pool_settings:parse(init:get_plain_arguments()) of
        Wanted ->
            measure(Wanted),
            halt(0)
    catch
        throw:{bad_argument, Text} ->
            io:format(standard_error, "otp: ~ts~n", [Text]),
            halt(2)
    end.

measure(#{size := Size, warm_up_ms := WarmUp, ms := Length} = Wanted) ->
    {ok, Pool} = worker_pool:start_link(#{worker => idle_worker, size => Size}),
    load(Pool, Wanted, WarmUp),
    {Logs, Took} = load(Pool, Wanted, Length),
    print(Wanted, Logs, Took).

%% All clients on the pool, for a time.
load(Pool, #{clients := Count} = Wanted, Length) ->
    Over = atomics:new(1, []),
    Client = fun() ->
        receive
            start -> exit({done, pool_client:run(Pool, Wanted, Over)})
        end
    end,
    Clients = [spawn_monitor(Client) || _ <- lists:seq(1, Count)],
    Began = erlang:monotonic_time(),
    [Pid ! start || {Pid, _} <- Clients],
    timer:sleep(Length),
    atomics:put(Over, 1, 1),
    Logs = [result(Monitor) || {_, Monitor} <- Clients],
    {Logs, erlang:monotonic_time() - Began}.

result(Monitor) ->
    receive
        {'DOWN', Monitor, process, _, {done, Log}} ->
            Log;
        {'DOWN', Monitor, process, _, Failure} ->
            io:format(standard_error, "otp: ~tp~n", [Failure]),
            halt(1)
    end.

%% One line of JSON, times in microseconds.
print(Wanted, Logs, Took) ->
    #{pool := Pool, size := Size, clients := Clients, hold_us := Hold, busy := Busy} = Wanted,
    Waits = list_to_tuple(lists:sort(lists:append([Each || #{waits := Each} <- Logs]))),
    Held = lists:sum([Each || #{held := Each} <- Logs]),
    Pairs = [Each || #{pairs := Each} <- Logs],
    io:format(
        "{\"pool\": \"~ts\", \"size\": ~b, \"clients\": ~b, \"hold_us\": ~b, \"busy\": ~ts, \"seconds\": ~.6f, "
        "\"pairs\": ~b, \"held_us\": ~.3f, \"p50_us\": ~.3f, \"p99_us\": ~.3f, \"p999_us\": ~.3f, "
        "\"max_us\": ~.3f, \"fewest\": ~b, \"most\": ~b}~n",
        [Pool, Size, Clients, Hold, Busy, micros(Took) / 1.0e6, lists:sum(Pairs), micros(Held) / tuple_size(Waits)] ++
            [micros(quantile(Waits, Share)) || Share <- [0.5, 0.99, 0.999, 1.0]] ++
            [lists:min(Pairs), lists:max(Pairs)]
    ).

%% Value below which this share of the sorted samples lie.
quantile(Sorted, Share) -> element(1 + trunc(Share * (tuple_size(Sorted) - 1)), Sorted).

micros(Native) -> erlang:convert_time_unit(Native, native, nanosecond) / 1000.
