-- Whoever looks at what waits asks for the changes that are not decided, the first asked for first.
create index change_open on change (at, ref)
    where kind in ('amendment', 'question', 'cancel')
    and state in ('assessing', 'awaitingCustomer', 'applying', 'acknowledged', 'inProgress');
