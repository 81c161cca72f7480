drop index api_keys_project;
drop index api_keys_user;
-- What is left would let such keys do everything, for ever and from everywhere.
update api_keys set revoked_at = now()
where revoked_at is null and (expires_at is not null or actions is not null or projects is not null or networks is not null);
alter table api_keys drop column last_client, drop column last_address, drop column last_used_at, drop column replaced_by,
  drop column made_by, drop column expires_at, drop column networks, drop column projects, drop column actions, drop column name;
