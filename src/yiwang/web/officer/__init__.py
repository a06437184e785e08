"""Pages of the departments: desk, handling of cases, supervision, ratings, trail, accounts."""
