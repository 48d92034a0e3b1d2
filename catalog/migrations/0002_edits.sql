-- What is done to an item's colours besides its filter: numbers by name, as parsed at the door.
alter table media add column edits json;
