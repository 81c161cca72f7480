-- Keys that are good for less than their owners, for a while, and from some addresses. A program that does not know that
-- would let them do everything: no earlier one works with this.
alter table api_keys
  add column name text not null default '',
  add column actions text[] check (cardinality(actions) > 0),
  add column projects integer[] check (cardinality(projects) > 0),
  add column networks cidr[] check (cardinality(networks) > 0),
  add column expires_at timestamptz,
  add column made_by text not null default '',
  add column replaced_by integer references api_keys on delete set null,
  add column last_used_at timestamptz,
  add column last_address text,
  add column last_client text,
  add check (projects is null or user_id is not null);
comment on column api_keys.actions is 'What it is good for; null: all that its owner may do';
comment on column api_keys.projects is 'Of a key of a user: the projects that it is good for; null: all that the user reaches';
comment on column api_keys.networks is 'From where it is good; null: from everywhere';
comment on column api_keys.last_used_at is 'To the minute';
create index api_keys_user on api_keys (user_id) where user_id is not null;
create index api_keys_project on api_keys (project_id) where project_id is not null;
