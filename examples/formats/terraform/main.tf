# The JSON beside this file is made with
#   terraform plan -out plan.out && terraform show -json plan.out > plan.json

variable "stage" {
  type    = string
  default = "dev"
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "orders"
}

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "../src"
  output_path = "build/code.zip"
}

resource "aws_lambda_function" "invoice" {
  function_name = "invoice-${var.stage}"
  runtime       = "python3.13"
  handler       = "invoices.handler"
  filename      = data.archive_file.code.output_path
  role          = aws_iam_role.functions.arn
}

resource "aws_lambda_function" "daily_report" {
  function_name = "daily-report-${var.stage}"
  runtime       = "python3.13"
  handler       = "reports.handler"
  filename      = data.archive_file.code.output_path
  role          = aws_iam_role.functions.arn
}

resource "aws_iam_role" "functions" {
  name               = "shop-functions"
  assume_role_policy = file("trust.json")
}

resource "aws_sqs_queue" "fraud" {
  name = "fraud-${var.stage}"
}

resource "aws_sqs_queue" "lost_events" {
  name = "lost-events-${var.stage}"
}

resource "aws_cloudwatch_event_rule" "invoice" {
  name           = "invoice"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source        = ["shop.orders"]
    "detail-type" = ["OrderPlaced"]
  })
}

resource "aws_cloudwatch_event_target" "invoice" {
  rule           = aws_cloudwatch_event_rule.invoice.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "invoice"
  arn            = aws_lambda_function.invoice.arn
  dead_letter_config { arn = aws_sqs_queue.lost_events.arn }
  retry_policy { maximum_retry_attempts = 2 }
}

resource "aws_cloudwatch_event_rule" "fraud_check" {
  name           = "fraud-check"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source        = ["shop.orders"]
    "detail-type" = ["OrderPlaced"]
    detail        = { total = [{ numeric = [">", 1000] }] }
  })
}

resource "aws_cloudwatch_event_target" "fraud" {
  rule           = aws_cloudwatch_event_rule.fraud_check.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  target_id      = "fraud"
  arn            = aws_sqs_queue.fraud.arn
  input_transformer {
    input_paths    = { id = "$.detail.id", total = "$.detail.total" }
    input_template = "{\"order\": <id>, \"amount\": <total>}"
  }
  dead_letter_config { arn = aws_sqs_queue.lost_events.arn }
}

resource "aws_cloudwatch_event_rule" "daily_report" {
  name                = "daily-report"
  schedule_expression = "cron(0 10 ? * MON-FRI *)"
}

resource "aws_cloudwatch_event_target" "report" {
  rule      = aws_cloudwatch_event_rule.daily_report.name
  target_id = "report"
  arn       = aws_lambda_function.daily_report.arn
  dead_letter_config { arn = aws_sqs_queue.lost_events.arn }
}
