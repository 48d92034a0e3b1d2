-- Bytes that a tenant's items take: the original until it is deleted, and what the manifest lists. Kept by a trigger, so
-- that nobody who changes an item has to think of it.
create table space (
  tenant text primary key,
  bytes bigint not null default 0
);

-- The empty name stands for all tenants together.
create table quotas (
  tenant text primary key,
  bytes_max bigint not null check (bytes_max >= 0)
);

create table space_reservations (
  id bigint generated always as identity primary key,
  tenant text not null,
  bytes bigint not null,
  ends_at timestamptz not null
);

create index space_reservations_of_tenant on space_reservations (tenant);

create function stored_bytes(item media) returns bigint language sql stable as $$
  select case when item.state in ('erased', 'rejected') then 0 else item.source_bytes + coalesce((
    select sum((file ->> 'bytes')::bigint) from (
      select json_array_elements(item.manifest -> 'renditions') as file
      union all select json_array_elements(item.manifest -> 'parts')) as files), 0) end
$$;

create function account_space() returns trigger language plpgsql as $$
declare
  change bigint := stored_bytes(new) - case when tg_op = 'UPDATE' then stored_bytes(old) else 0 end;
begin
  if change <> 0 then
    insert into space as held (tenant, bytes) values (new.tenant, change)
      on conflict (tenant) do update set bytes = held.bytes + change;
  end if;
  return null;
end $$;

insert into space (tenant, bytes) select tenant, sum(stored_bytes(media)) from media group by tenant;

create trigger media_space after insert or update of state, manifest on media for each row execute function account_space();
