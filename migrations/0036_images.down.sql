delete from versions where image is not null;
alter table versions drop constraint versions_check_image, drop column image;
