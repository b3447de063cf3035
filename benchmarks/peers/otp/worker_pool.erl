%% SPDX-License-Identifier: MIT
%% A pool of worker processes in poolboy's manner: one server that lends them. `size` workers are kept, `max_overflow`
%% more are made while there is demand; consumers queue when all are out; a consumer that dies gives its worker back,
%% a worker that dies is replaced.
-module(worker_pool).
-behaviour(gen_server).

-export([start_link/1, stop/1, checkout/1, checkout/2, checkin/2, transaction/2, transaction/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-define(TIMEOUT, 5000).

-type options() :: #{worker := module(), size := pos_integer(), max_overflow => non_neg_integer()}.
-type ticket() :: reference().

-record(loan, {ticket :: ticket(), consumer :: reference()}).
-record(state, {
    supervisor :: pid(),
    max_overflow :: non_neg_integer(),
    overflow = 0 :: non_neg_integer(),
    idle = [] :: [pid()],
    lent = #{} :: #{pid() => #loan{}},
    waiting = queue:new() :: queue:queue({gen_server:from(), #loan{}})
}).

-spec start_link(options()) -> {ok, pid()} | {error, term()}.
start_link(Options) -> gen_server:start_link(?MODULE, Options, []).

-spec stop(pid()) -> ok.
stop(Pool) -> gen_server:stop(Pool).

-spec checkout(pid()) -> pid().
checkout(Pool) -> checkout(Pool, ?TIMEOUT).

%% Exits when no worker comes back in time.
-spec checkout(pid(), timeout()) -> pid().
checkout(Pool, Timeout) ->
    Ticket = make_ref(),
    try
        gen_server:call(Pool, {checkout, Ticket}, Timeout)
    catch
        Class:Reason:Stack ->
            gen_server:cast(Pool, {give_up, Ticket}),
            erlang:raise(Class, Reason, Stack)
    end.

-spec checkin(pid(), pid()) -> ok.
checkin(Pool, Worker) -> gen_server:cast(Pool, {checkin, Worker}).

-spec transaction(pid(), fun((pid()) -> Result)) -> Result.
transaction(Pool, Fun) -> transaction(Pool, Fun, ?TIMEOUT).

-spec transaction(pid(), fun((pid()) -> Result), timeout()) -> Result.
transaction(Pool, Fun, Timeout) ->
    Worker = checkout(Pool, Timeout),
    try
        Fun(Worker)
    after
        checkin(Pool, Worker)
    end.

%% The server. --------------------------------------------------------------------------------------------------------

init(#{worker := Module, size := Size} = Options) ->
    process_flag(trap_exit, true),
    {ok, Supervisor} = worker_sup:start_link(Module),
    Idle = [new_worker(Supervisor) || _ <- lists:seq(1, Size)],
    {ok, #state{supervisor = Supervisor, max_overflow = maps:get(max_overflow, Options, 0), idle = Idle}}.

handle_call({checkout, Ticket}, {Consumer, _} = From, State) ->
    Loan = #loan{ticket = Ticket, consumer = monitor(process, Consumer)},
    case State of
        #state{idle = [Worker | Idle]} ->
            {reply, Worker, lend(Worker, Loan, State#state{idle = Idle})};
        #state{overflow = Overflow, max_overflow = Most} when Overflow < Most ->
            Worker = new_worker(State#state.supervisor),
            {reply, Worker, lend(Worker, Loan, State#state{overflow = Overflow + 1})};
        #state{waiting = Waiting} ->
            {noreply, State#state{waiting = queue:in({From, Loan}, Waiting)}}
    end.

handle_cast({checkin, Worker}, State) ->
    {noreply, take_back(Worker, State)};
handle_cast({give_up, Ticket}, State) ->
    {noreply, forget(fun(Loan) -> Loan#loan.ticket =:= Ticket end, State)}.

handle_info({'DOWN', Monitor, process, _, _}, State) ->
    {noreply, forget(fun(Loan) -> Loan#loan.consumer =:= Monitor end, State)};
handle_info({'EXIT', Supervisor, Reason}, #state{supervisor = Supervisor} = State) ->
    {stop, Reason, State};
handle_info({'EXIT', Worker, _}, #state{idle = Idle, lent = Lent} = State) ->
    case {maps:take(Worker, Lent), lists:member(Worker, Idle)} of
        {{Loan, StillLent}, _} ->
            demonitor(Loan#loan.consumer, [flush]),
            {noreply, replace(State#state{lent = StillLent})};
        {error, true} ->
            {noreply, replace(State#state{idle = lists:delete(Worker, Idle)})};
        {error, false} ->
            {noreply, State}
    end.

terminate(_, #state{supervisor = Supervisor}) ->
    exit(Supervisor, shutdown).

lend(Worker, Loan, #state{lent = Lent} = State) ->
    State#state{lent = Lent#{Worker => Loan}}.

%% A check-in of what is not lent changes nothing.
take_back(Worker, #state{lent = Lent} = State) ->
    case maps:take(Worker, Lent) of
        {Loan, StillLent} ->
            demonitor(Loan#loan.consumer, [flush]),
            pass_on(Worker, State#state{lent = StillLent});
        error ->
            State
    end.

%% To the oldest who waits, or else away when there are too many, or else to the idle ones.
pass_on(Worker, #state{waiting = Waiting, overflow = Overflow, idle = Idle} = State) ->
    case queue:out(Waiting) of
        {{value, {From, Loan}}, StillWaiting} ->
            gen_server:reply(From, Worker),
            lend(Worker, Loan, State#state{waiting = StillWaiting});
        {empty, _} when Overflow > 0 ->
            unlink(Worker),
            ok = supervisor:terminate_child(State#state.supervisor, Worker),
            State#state{overflow = Overflow - 1};
        {empty, _} ->
            State#state{idle = [Worker | Idle]}
    end.

replace(#state{overflow = Overflow, waiting = Waiting} = State) ->
    case Overflow > 0 andalso queue:is_empty(Waiting) of
        true -> State#state{overflow = Overflow - 1};
        false -> pass_on(new_worker(State#state.supervisor), State)
    end.

%% Whoever asked by this loan is gone, with a worker or still waiting.
forget(IsGone, #state{lent = Lent, waiting = Waiting} = State) ->
    case [Worker || {Worker, Loan} <- maps:to_list(Lent), IsGone(Loan)] of
        [Worker] ->
            take_back(Worker, State);
        [] ->
            Stays = fun({_, Loan}) ->
                IsGone(Loan) andalso demonitor(Loan#loan.consumer, [flush]),
                not IsGone(Loan)
            end,
            State#state{waiting = queue:filter(Stays, Waiting)}
    end.

new_worker(Supervisor) ->
    {ok, Worker} = supervisor:start_child(Supervisor, []),
    link(Worker),
    Worker.
