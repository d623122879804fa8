"""Small decoders that read and write cells, trained in minutes on one core, and the tables of their tasks."""
