"""Human genes: the table that ships, and how a name of any age is brought to an Ensembl id."""
