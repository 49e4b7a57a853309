# Run by test_terraform.py in a copy of the rendered module, which has no provider, so all of this is offline.

run "by_default" {
  command = plan

  assert {
    condition     = strcontains(output.user_data, "\n(\nconf='SSMWAKE_CARRIER=terraform ssmwake\nSSMWAKE_TIMEOUT=600\n")
    error_message = "the settings are lines on top"
  }
  assert {
    condition     = output.user_data_base64 == base64encode(output.user_data)
    error_message = "base64 is that of the user data"
  }
  assert {
    condition     = output.sha256 == sha256(output.user_data)
    error_message = "the sum is that of the user data"
  }
  assert {
    condition     = templatefile("./user-data.tftpl", { settings = output.settings }) == output.user_data
    error_message = "the template gives the same bytes"
  }
  assert {
    condition     = yamldecode(output.rescue_runbook).mainSteps[0].name == "Look"
    error_message = "the runbook is the one that was rendered"
  }
}

run "another_document_name" {
  command = plan

  variables {
    command_document_name = "other"
  }

  assert {
    condition     = length(regexall("\"other\"", output.rescue_runbook)) == 2 && !strcontains(output.rescue_runbook, "@command")
    error_message = "the runbook calls the document by its name"
  }
}

run "a_role_that_is_an_arn" {
  command = plan
  variables {
    role = "arn:aws:iam::123456789012:role/web"
  }
  expect_failures = [var.role]
}

run "a_timeout_of_zero" {
  command = plan
  variables {
    timeout = 0
  }
  expect_failures = [var.timeout]
}

run "a_timeout_of_more_than_a_day" {
  command = plan
  variables {
    timeout = 86401
  }
  expect_failures = [var.timeout]
}

run "a_timeout_in_half_seconds" {
  command = plan
  variables {
    timeout = 1.5
  }
  expect_failures = [var.timeout]
}

run "a_poll_of_more_than_an_hour" {
  command = plan
  variables {
    poll         = 3601
    poll_healthy = 0
  }
  expect_failures = [var.poll, var.poll_healthy]
}

run "no_pause_at_all" {
  command = plan
  variables {
    restart_after = []
  }
  expect_failures = [var.restart_after]
}

run "a_negative_pause" {
  command = plan
  variables {
    restart_after = [10, -1]
  }
  expect_failures = [var.restart_after]
}

run "an_empty_command" {
  command = plan
  variables {
    on_ready = ["true", " "]
  }
  expect_failures = [var.on_ready]
}

run "a_reserved_name" {
  command = plan
  variables {
    command_document_name = "AWS-ssmwake"
  }
  expect_failures = [var.command_document_name]
}
