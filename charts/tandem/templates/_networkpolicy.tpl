{{/* One policy for each way out or in, named by it: kubectl get networkpolicy lists who may reach whom. A way between two of our
     pods is named at both ends. */}}

{{/* dict root name (component), edge, and out or in: rules as a list. */}}
{{- define "tandem.edge" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "tandem.fullname" .root }}-{{ with .name }}{{ . }}-{{ end }}{{ .edge }}
  labels:
    {{- include (ternary "tandem.componentLabels" "tandem.componentlessLabels" (not (empty .name))) . | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include (ternary "tandem.componentSelector" "tandem.componentlessSelector" (not (empty .name))) . | nindent 6 }}
  {{- if hasKey . "out" }}
  policyTypes: [Egress]
  egress:
    {{- toYaml .out | nindent 4 }}
  {{- else }}
  policyTypes: [Ingress]
  ingress:
    {{- toYaml .in | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "tandem.componentlessLabels" -}}
{{- include "tandem.labels" .root -}}
{{- end -}}

{{- define "tandem.componentlessSelector" -}}
{{- include "tandem.selectorLabels" .root -}}
{{- end -}}

{{/* Rules as JSON: a list with one rule, to or from some components at one port. */}}
{{- define "tandem.ruleOf" -}}
{{- $root := .root -}}
{{- $peers := list -}}
{{- range .components -}}
{{- $labels := include "tandem.componentSelector" (dict "root" $root "name" .) | fromYaml -}}
{{- $peers = append $peers (dict "podSelector" (dict "matchLabels" $labels)) -}}
{{- end -}}
{{- list (dict .direction $peers "ports" (list (dict "port" .port "protocol" "TCP"))) | toJson -}}
{{- end -}}

{{/* A rule to addresses of the values: without any, every address at these ports. */}}
{{- define "tandem.ruleTo" -}}
{{- $ports := list -}}
{{- range .ports -}}{{- $ports = append $ports (dict "port" . "protocol" "TCP") -}}{{- end -}}
{{- $rule := dict "ports" $ports -}}
{{- if .to -}}{{- $rule = set $rule "to" .to -}}{{- end -}}
{{- list $rule | toJson -}}
{{- end -}}

{{/* All ways of a component. */}}
{{- define "tandem.networkPolicies" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- range include "tandem.calls" $name | splitList " " }}
---
{{ include "tandem.edge" (dict "root" $root "name" $name "edge" (printf "to-%s" .) "out" (include "tandem.ruleOf" (dict "root" $root "direction" "to" "components" (list .) "port" 9000) | fromJsonArray)) }}
{{- end }}
{{- $callers := list }}
{{- range include "tandem.owners" . | splitList " " }}
{{- if has $name (include "tandem.calls" . | splitList " ") }}
{{- $callers = append $callers . }}
{{- end }}
{{- end }}
{{- with $callers }}
---
{{ include "tandem.edge" (dict "root" $root "name" $name "edge" "from-callers" "in" (include "tandem.ruleOf" (dict "root" $root "direction" "from" "components" . "port" 9000) | fromJsonArray)) }}
{{- end }}
---
{{ include "tandem.toNats" . }}
---
{{ include "tandem.toDatabase" . }}
{{- if include "tandem.usesBlobs" $name }}
{{ include "tandem.toBucket" (dict "root" $root "name" $name "url" $root.Values.blobs.url) }}
{{- end }}
{{ include (printf "tandem.edgesOf.%s" $name) . }}
{{- end -}}

{{/* What only one component reaches, or is reached by. */}}
{{- define "tandem.edgesOf.gateway" -}}
---
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "from-clients" "in" (list (merge (dict "ports" (list (dict "port" 8080 "protocol" "TCP"))) (ternary (dict "from" .root.Values.networkPolicy.httpFrom) dict (not (empty .root.Values.networkPolicy.httpFrom)))))) }}
{{ include "tandem.toWeb" . }}
{{- end -}}

{{- define "tandem.edgesOf.schools" -}}
{{- end -}}

{{- define "tandem.edgesOf.evidence" -}}
{{- end -}}

{{- define "tandem.edgesOf.assessments" -}}
{{- if .root.Values.mail.secretName }}
---
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-mail" "out" (include "tandem.ruleTo" .root.Values.networkPolicy.mail | fromJsonArray)) }}
{{- end }}
{{- end -}}

{{- define "tandem.edgesOf.badges" -}}
{{ include "tandem.toWeb" . }}
{{- if .root.Values.issuerKeeper.url }}
---
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-key-service" "out" (include "tandem.ruleTo" .root.Values.networkPolicy.keyService | fromJsonArray)) }}
{{- end }}
{{- end -}}

{{- define "tandem.toWeb" -}}
---
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-web" "out" (include "tandem.ruleTo" .root.Values.networkPolicy.web | fromJsonArray)) }}
{{- end -}}

{{- define "tandem.toNats" -}}
{{- $out := include "tandem.ruleTo" .root.Values.networkPolicy.nats | fromJsonArray -}}
{{- if .root.Values.nats.enabled -}}
{{- $out = include "tandem.ruleOf" (dict "root" .root "direction" "to" "components" (list "nats") "port" 4222) | fromJsonArray -}}
{{- end -}}
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-nats" "out" $out) }}
{{- end -}}

{{- define "tandem.toDatabase" -}}
{{- $out := include "tandem.ruleTo" .root.Values.networkPolicy.database | fromJsonArray -}}
{{- if .root.Values.database.cloudNativePG.enabled -}}
{{- $pods := dict "podSelector" (dict "matchLabels" (dict "cnpg.io/cluster" (include "tandem.componentName" (dict "root" .root "name" "db")))) -}}
{{- $out = include "tandem.ruleTo" (dict "to" (list $pods) "ports" (list 5432)) | fromJsonArray -}}
{{- end -}}
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-database" "out" $out "annotations" .annotations) }}
{{- end -}}

{{- define "tandem.toBucket" -}}
{{- if .url }}
---
{{ include "tandem.edge" (dict "root" .root "name" .name "edge" "to-bucket" "out" (include "tandem.ruleTo" .root.Values.networkPolicy.blobs | fromJsonArray)) }}
{{- end }}
{{- end -}}

{{/* Looking up names, for pods that a selector finds. */}}
{{- define "tandem.dnsRule" -}}
{{- $port := .Values.networkPolicy.dns.port -}}
{{- $rule := dict "ports" (list (dict "port" $port "protocol" "UDP") (dict "port" $port "protocol" "TCP")) -}}
{{- with .Values.networkPolicy.dns.to -}}{{- $rule = set $rule "to" . -}}{{- end -}}
{{- list $rule | toJson -}}
{{- end -}}
