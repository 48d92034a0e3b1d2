-- Media ids are 13 characters of Crockford base32 as everywhere outside the blob store, and not bigint: an id
-- uses all 64 bits, so a signed bigint turns negative in 2058 and no longer sorts by time; as text under
-- collation "C" it always does, and reads the same in a query as in a URL, a log or the workflow's id.
create domain media_id as text collate "C" check (value ~ '^[0-9a-hjkmnp-tv-z]{13}$');

create table api_keys (
  key_sha256 text primary key check (key_sha256 ~ '^[0-9a-f]{64}$'),
  tenant text not null,
  created_at timestamptz not null default now()
);

-- Documents are json, not jsonb: what a camera wrote may hold NUL and half surrogate pairs, which jsonb refuses.
create table media (
  id media_id primary key,
  tenant text not null,
  kind text not null check (kind in ('image', 'video')),
  state text not null default 'processing' check (state in ('processing', 'playable', 'ready', 'rejected', 'failed', 'erased')),
  stage text not null default 'received',
  progress json,
  version integer not null default 1 check (version between 1 and 255),
  revision bigint not null default 0,
  preset text not null,
  filter text,
  source_type text not null,
  source_bytes bigint not null,
  source_sha256 text not null,
  manifest json,
  facts json,
  error json,
  accepted_at timestamptz not null default now(),
  started_at timestamptz,
  check (state not in ('rejected', 'failed', 'erased') or (manifest is null and facts is null))
);

create index media_of_tenant on media (tenant, id desc);
create index media_unstarted on media (accepted_at) where state = 'processing' and started_at is null;
create index media_unerased on media (id) where state = 'erased' and stage <> 'done';

create table volumes (
  id integer generated always as identity primary key,
  writer text not null,
  epoch integer not null default 1,
  state text not null default 'open' check (state in ('open', 'sealed')),
  bytes bigint,
  opened_at timestamptz not null default now(),
  sealed_at timestamptz
);

create index volumes_open on volumes (writer, id desc) where state = 'open';

create table placements (
  media_id media_id not null references media,
  volume integer not null,
  primary key (media_id, volume)
);

create table checkpoints (
  media_id media_id not null references media,
  version integer not null,
  step text not null,
  attempts integer not null default 0,
  result json,
  finished_at timestamptz,
  primary key (media_id, version, step)
);

-- Sequences are handed out before commit, so a smaller one may appear after a larger one: readers ask for rows
-- that are not relayed and never remember a position. Events of one item are written under its row's lock, so
-- their sequences are in the order of their commits.
create table outbox (
  sequence bigint generated always as identity primary key,
  event_id text not null unique,
  type text not null,
  media_id media_id not null references media,
  tenant text not null,
  time timestamptz not null default now(),
  data json not null,
  relayed_at timestamptz
);

create index outbox_pending on outbox (sequence) where relayed_at is null;
create index outbox_of_media on outbox (media_id, sequence);

-- Here readers do remember a position, so positions must become visible in their order: writers take turns by
-- locking the table before they draw one.
create table erasures (
  position bigint generated always as identity primary key,
  media_id media_id not null unique references media,
  erased_at timestamptz not null default now()
);

-- Signals travel with the commit of what they tell of; channel and payloads are read in catalog/signals.ts.
create function bump_revision() returns trigger language plpgsql as $$
begin
  new.revision := old.revision + 1;
  return new;
end $$;

create function signal_media() returns trigger language plpgsql as $$
begin
  perform pg_notify('darkroom', 'media ' || new.id);
  return null;
end $$;

create function signal_kind() returns trigger language plpgsql as $$
begin
  perform pg_notify('darkroom', tg_argv[0]);
  return null;
end $$;

create trigger media_revision before update of state, stage, progress, version, manifest, error, filter on media
  for each row execute function bump_revision();
create trigger media_signal after insert or update of state, stage, progress, version, manifest, error, filter on media
  for each row execute function signal_media();
create trigger outbox_signal after insert on outbox for each statement execute function signal_kind('outbox');
create trigger erasures_signal after insert on erasures for each statement execute function signal_kind('erasure');
