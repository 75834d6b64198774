-- What waits for a person is few of all lines and changes, and is found without reading the others.
-- The text of the conditions is repeated in the query: only then the indexes are used.
create index line_held on line (since, order_id) where state = 'held';
create index change_held on change (order_id) where kind = 'step' and state = 'held';
-- Reports ask for the amendments of a time.
create index amendment_by_time on change (at) where kind = 'amendment';
