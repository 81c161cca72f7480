-- min-program: 0029
-- A version is an egg, or a container image: then it has no egg, and the text of the egg's hash is empty.
alter table versions add column image text check (image <> '');
alter table versions add constraint versions_check_image check (image is null or egg_sha256 = '');
