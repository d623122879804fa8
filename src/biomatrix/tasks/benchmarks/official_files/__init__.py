"""Readers of official files, whatever they hold: JSON, LMDB, pickled values, tables, archives."""
