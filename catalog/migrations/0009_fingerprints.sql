-- What items look like, as 256 bits (PDQ). Two are copies of one picture where at most 31 bits differ. Then at least
-- one of the 16 words of 16 bits differs in one bit at most, so whoever looks for copies asks for 17 values of each
-- word instead of comparing with every row.
create function hash_bands(hash bit(256)) returns setof integer language sql immutable parallel safe as $$
  select (word << 16) | substring(hash from word * 16 + 1 for 16)::bit(16)::integer from generate_series(0, 15) as word
$$;

create function near_bands(hash bit(256)) returns setof integer language sql immutable parallel safe as $$
  select band # flip from hash_bands(hash) as band,
    (select 0 union all select 1 << place from generate_series(0, 15) as place) as flips (flip)
$$;

create table fingerprints (
  media_id media_id primary key references media,
  tenant text not null,
  hash bit(256) not null
);

create table fingerprint_bands (
  tenant text not null,
  band integer not null,
  media_id media_id not null references fingerprints on delete cascade,
  primary key (tenant, band, media_id)
);
create index fingerprint_bands_of_media on fingerprint_bands (media_id);

-- Hashes that an operator has put on the list: nothing that looks like one of them is published.
create table blocked_hashes (
  hash bit(256) primary key,
  note text not null default '',
  added_at timestamptz not null default now()
);

create table blocked_bands (
  band integer not null,
  hash bit(256) not null references blocked_hashes on delete cascade,
  primary key (band, hash)
);

create function add_fingerprint_bands() returns trigger language plpgsql as $$
begin
  delete from fingerprint_bands where media_id = new.media_id;
  insert into fingerprint_bands (tenant, band, media_id) select distinct new.tenant, band, new.media_id from hash_bands(new.hash) as band;
  return null;
end $$;

create function add_blocked_bands() returns trigger language plpgsql as $$
begin
  insert into blocked_bands (band, hash) select distinct band, new.hash from hash_bands(new.hash) as band;
  return null;
end $$;

-- An item that shows nothing any more looks like nothing.
create function drop_fingerprint() returns trigger language plpgsql as $$
begin
  delete from fingerprints where media_id = new.id;
  return null;
end $$;

create trigger fingerprints_bands after insert or update of hash on fingerprints
  for each row execute function add_fingerprint_bands();
create trigger blocked_hashes_bands after insert on blocked_hashes
  for each row execute function add_blocked_bands();
create trigger media_fingerprint after update of manifest on media
  for each row when (new.manifest is null) execute function drop_fingerprint();
