"""What crawl.py mends in sh_scrapy and adds to it. A package, so that no module of a project is shadowed by one of ours."""
