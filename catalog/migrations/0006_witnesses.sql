-- Some files that an erased item had, for verifying that no edge answers them; dropped with the receipt.
alter table erasures add column witnesses json;
