-- Bytes of the needles that an item has in a volume; null of what was placed before this was kept.
alter table placements add column bytes bigint;

-- Bytes of needles that were erased or replaced and that no rewriting has left out yet, as far as it is known.
alter table volumes add column bytes_erased bigint not null default 0;

update volumes set bytes_erased = bytes * keys_erased
  / (keys_erased + (select count(*) from placements where volume = volumes.id)) where keys_erased > 0 and bytes is not null;

-- A release that knows no leases, started again after this one, raises the epoch and keeps no lease: what is left of the
-- lease before must not run out under it, or another would seal the volume that it writes.
create function lease_of_epoch() returns trigger language plpgsql as $$
begin
  new.lease_until := null;
  return new;
end $$;

create trigger volumes_lease before update of epoch on volumes for each row
  when (new.epoch > old.epoch and new.lease_until is not distinct from old.lease_until)
  execute function lease_of_epoch();
