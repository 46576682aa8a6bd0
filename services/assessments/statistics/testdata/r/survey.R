# Means, totals, ratios, shares and tests of samples with strata, clusters,
# weights and finite population corrections.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

# Everything that a design is asked, under a name.
ask <- function(name, d) {
  df <- degf(d)
  put(paste0(name, ".df"), df)
  m <- svymean(~score, d, na.rm = TRUE)
  put(paste0(name, ".mean"), coef(m), SE(m), confint(m, df = df))
  put(paste0(name, ".mean90"), confint(m, level = 0.9, df = df))
  r <- svymean(~real, d, na.rm = TRUE)
  put(paste0(name, ".real"), coef(r), SE(r))
  t <- svytotal(~size, d)
  put(paste0(name, ".total"), coef(t), SE(t))
  t <- svytotal(~real, d, na.rm = TRUE)
  put(paste0(name, ".total.missing"), coef(t), SE(t))
  q <- svyratio(~real, ~size, d, na.rm = TRUE)
  put(paste0(name, ".ratio"), coef(q), SE(q))
  by <- svyby(~score, ~group, d, svymean, na.rm = TRUE)
  put(paste0(name, ".by"), coef(by), SE(by))
  put(paste0(name, ".by.interval"), t(confint(by, df = df)))
  a <- subset(d, group == "a")
  m <- svymean(~score, a, na.rm = TRUE)
  put(paste0(name, ".domain"), coef(m), SE(m), degf(a), confint(m, df = degf(a)))
  by <- svyby(~success, ~group, d, svyciprop, vartype = "ci", method = "logit", na.rm = TRUE)
  put(paste0(name, ".by.share"), t(as.matrix(by[, 2:4])))
  put(paste0(name, ".distribution"), t(cbind(coef(svymean(~answer, d, na.rm = TRUE)), SE(svymean(~answer, d, na.rm = TRUE)))))
  put(paste0(name, ".deff"), attr(svymean(~score, d, na.rm = TRUE, deff = "replace"), "deff"))
}

# Shares have intervals of their own.
shares <- function(name, d) {
  for (method in c("logit", "beta")) {
    for (level in c(0.9, 0.95)) {
      ci <- svyciprop(~success, d, method = method, level = level, na.rm = TRUE)
      put(sprintf("%s.share.%s.%g", name, method, level), coef(ci), sqrt(attr(ci, "var")), attr(ci, "ci"))
    }
  }
}

tests <- function(name, d) {
  t <- svyttest(score ~ I(group == "b"), subset(d, group %in% c("a", "b")))
  put(paste0(name, ".ttest"), t$statistic, t$parameter, t$p.value, t$estimate, t$conf.int)
  x <- svychisq(~answer + group, d)
  put(paste0(name, ".chisq"), x$statistic, x$parameter, x$p.value)
  x <- svychisq(~success + group, d)
  put(paste0(name, ".chisq.two"), x$statistic, x$parameter, x$p.value)
}

for (folder in folders) {
  begin()
  simple <- read(folder, "simple.csv")
  sample <- read(folder, "sample.csv")
  lonely <- read(folder, "lonely.csv")
  designs <- list(
    plain = svydesign(~1, weights = ~1, data = simple),
    stratified = svydesign(~1, strata = ~stratum, fpc = ~population, data = simple),
    fraction = svydesign(~1, strata = ~stratum, fpc = ~share, data = simple),
    clustered = svydesign(~cluster, weights = ~weight, data = sample),
    full = svydesign(~cluster, strata = ~stratum, weights = ~weight, fpc = ~psus, data = sample),
    nested = svydesign(~local, strata = ~stratum, weights = ~weight, nest = TRUE, data = sample)
  )
  for (name in names(designs)) {
    ask(name, designs[[name]])
    shares(name, designs[[name]])
    tests(name, designs[[name]])
  }
  one <- svydesign(~cluster, strata = ~stratum, weights = ~weight, fpc = ~psus, data = lonely)
  for (rule in c("remove", "adjust", "average")) {
    options(survey.lonely.psu = rule)
    ask(paste0("lonely.", rule), one)
  }
  options(survey.lonely.psu = "fail")
  finish(file.path(folder, "survey.json"))
}
