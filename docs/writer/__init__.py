"""The reference pages, written from the code: each module returns one page, and changes nothing."""
