# Tests of two groups, of two shares, and of many at once.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

for (folder in folders) {
  begin()
  simple <- read(folder, "simple.csv")
  a <- simple$score[simple$group == "a"]
  b <- simple$score[simple$group == "b"]
  t <- t.test(a, b)
  put("welch", t$statistic, t$parameter, t$p.value, t$conf.int, t$stderr)
  t <- t.test(simple$real[simple$group == "a"], simple$real[simple$group == "c"], conf.level = 0.99)
  put("welch.real", t$statistic, t$parameter, t$p.value, t$conf.int, t$stderr)
  t <- t.test(simple$real, simple$size, paired = TRUE)
  put("paired", t$statistic, t$parameter, t$p.value, t$conf.int)
  counts <- read(folder, "counts.csv")
  for (i in seq_len(nrow(counts))) {
    p <- suppressWarnings(prop.test(c(counts$x1[i], counts$x2[i]), c(counts$n1[i], counts$n2[i]), correct = FALSE))
    put(sprintf("proportions.%d", i), p$statistic, p$p.value, p$conf.int)
    w <- suppressWarnings(prop.test(counts$x1[i], counts$n1[i], correct = FALSE))
    put(sprintf("wilson.%d", i), w$conf.int)
  }
  p <- read(folder, "pvalues.csv")$p
  put("holm", p.adjust(p, "holm"))
  put("bh", p.adjust(p, "BH"))
  finish(file.path(folder, "comparisons.json"))
}
