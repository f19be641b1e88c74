-- the words of a document beside it, where the index cannot be asked about one document alone
{{words_beside}};
