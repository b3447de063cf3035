%% SPDX-License-Identifier: MIT
%% Starts the workers of a pool. It does not restart them: the pool knows better when.
-module(worker_sup).
-behaviour(supervisor).

-export([start_link/1, init/1]).

start_link(Module) -> supervisor:start_link(?MODULE, Module).

init(Module) ->
    {ok, {#{strategy => simple_one_for_one}, [
        #{id => Module, start => {Module, start_link, []}, restart => temporary, shutdown => 5000}
    ]}}.
