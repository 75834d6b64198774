-- How often a system was asked what became of an instruction, and whether the last question has no answer yet.
alter table instruction add column inquiries bigint not null default 0;
alter table instruction add column inquiring boolean not null default false;
