-- How often a system was asked what became of an instruction, and whether the last question has no answer yet.
alter table instruction add column inquiries integer not null default 0;
alter table instruction add column inquiring integer not null default 0;
