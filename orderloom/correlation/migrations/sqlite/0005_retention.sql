-- What is let go by its age, found without reading the rest.

-- Told to an endpoint: kept as long as the key under which it is asked for again.
alter table native add column answer integer not null default 0;
update native set answer = 1
where hash in (select native from told) or hash in (select ack from intake);

create index native_by_age on native (answer, at);
create index inbox_by_age on inbox (at);
create index intake_by_age on intake (at);
create index orders_ended on orders (changed, created)
    where state in ('completed', 'partial', 'failed', 'rejected', 'cancelled');
