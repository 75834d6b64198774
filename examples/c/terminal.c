/*
 * A legacy program that knows its own two queues and nothing else: it drops one file of X12, and prints what
 * comes back until so many messages were read.
 *
 *     terminal HOST PORT USER PASSWORD VHOST IN-QUEUE OUT-QUEUE FILE COUNT
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define CHANNEL 1
#define FRAME 131072
#define HEARTBEAT 30
#define LARGEST (8 * 1024 * 1024)
/* Seconds to wait for one message. */
#define PATIENCE 120

static void fail(const char *what) {
  fprintf(stderr, "terminal: %s\n", what);
  exit(1);
}

static void need(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static amqp_bytes_t read_file(const char *name) {
  static char body[LARGEST];
  amqp_bytes_t bytes = {0, body};
  FILE *file = fopen(name, "rb");
  if (file == NULL) fail("cannot open the file");
  bytes.len = fread(body, 1, sizeof body, file);
  if (!feof(file) && fgetc(file) != EOF) fail("the file is larger than a message may be");
  fclose(file);
  return bytes;
}

static amqp_connection_state_t connect_to(char **argv) {
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(connection);
  if (socket == NULL || amqp_socket_open(socket, argv[1], atoi(argv[2])) != AMQP_STATUS_OK)
    fail("the broker cannot be reached");
  need(amqp_login(connection, argv[5], 0, FRAME, HEARTBEAT, AMQP_SASL_METHOD_PLAIN, argv[3], argv[4]),
       "the broker refuses user, password or virtual host");
  amqp_channel_open(connection, CHANNEL);
  need(amqp_get_rpc_reply(connection), "no channel");
  amqp_confirm_select(connection, CHANNEL);
  need(amqp_get_rpc_reply(connection), "no confirms");
  return connection;
}

/* Persistent, to the queue itself, and only done when the broker says that it has it. */
static void drop(amqp_connection_state_t connection, const char *queue, amqp_bytes_t body) {
  amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
  amqp_frame_t frame;
  if (amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(queue), 1, 0, &properties, body))
    fail("the message cannot be sent");
  do {
    struct timeval patience = {PATIENCE, 0};
    if (amqp_simple_wait_frame_noblock(connection, &frame, &patience) != AMQP_STATUS_OK) fail("no confirm");
    if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_RETURN_METHOD)
      fail("there is no such queue");
  } while (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD);
}

static void print_answers(amqp_connection_state_t connection, const char *queue, int count) {
  amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  need(amqp_get_rpc_reply(connection), "the queue of answers cannot be read");
  while (count-- > 0) {
    struct timeval patience = {PATIENCE, 0};
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    need(amqp_consume_message(connection, &envelope, &patience, 0), "no answer");
    fwrite(envelope.message.body.bytes, 1, envelope.message.body.len, stdout);
    putchar('\n');
    amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag, 0);
    amqp_destroy_envelope(&envelope);
  }
}

int main(int argc, char **argv) {
  if (argc != 10) fail("HOST PORT USER PASSWORD VHOST IN-QUEUE OUT-QUEUE FILE COUNT");
  amqp_bytes_t body = read_file(argv[8]);
  amqp_connection_state_t connection = connect_to(argv);
  drop(connection, argv[6], body);
  print_answers(connection, argv[7], atoi(argv[9]));
  need(amqp_connection_close(connection, AMQP_REPLY_SUCCESS), "the connection ended badly");
  amqp_destroy_connection(connection);
  return 0;
}
